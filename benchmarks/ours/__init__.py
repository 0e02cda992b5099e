"""The jobs as this project does them."""
