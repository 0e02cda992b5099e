"""Why a score is what it is, why a name ranks where it does, how lasting that is."""
