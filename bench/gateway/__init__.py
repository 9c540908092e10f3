"""What the SageMaker door costs: its answers beside a bare HTTP server's that computes nothing."""
