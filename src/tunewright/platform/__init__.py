"""What the services stand on: ports and their adapters. Knows core and messages, no service."""
