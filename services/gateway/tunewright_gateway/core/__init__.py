"""What a request means and what an answer looks like, without HTTP and gRPC."""
