from pathlib import Path

VAR_DIRECTORY = Path("var")
DOTENV = Path(".env")
