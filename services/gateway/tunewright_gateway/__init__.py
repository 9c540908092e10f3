"""The HTTP edge: AWS JSON 1.1 in, gRPC out. It keeps nothing and touches neither store nor broker."""
