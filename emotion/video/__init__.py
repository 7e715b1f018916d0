"""A film becomes a recording: decoded, sampled, every face followed and named, and drawn if asked for."""
