"""The same jobs in other libraries, run by an interpreter of their own."""
