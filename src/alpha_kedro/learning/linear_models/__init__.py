"""Linear models, and the transforms in front of them that a fold teaches."""
