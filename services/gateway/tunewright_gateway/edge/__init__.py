"""HTTP: who may come in, and how requests and answers stand on the wire."""
