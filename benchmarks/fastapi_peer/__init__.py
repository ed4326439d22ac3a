"""The program that `benchmarks.http` compares us with: FastAPI, SQLAlchemy, PyJWT and stock Dramatiq."""
