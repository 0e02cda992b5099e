"""The library of features, a module per kind; importing one registers its features."""
