"""Jobs of ours as AWS describes them."""
