"""How the schema is served: documents and their execution, requests and answers, and the transports that carry them."""
