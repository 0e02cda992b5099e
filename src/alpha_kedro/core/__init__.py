"""Words every layer speaks: axes, sessions, specs, errors, contracts, hashes."""
