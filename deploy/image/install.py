"""Install what the package requires, or, named extras, what these add: a layer of the images each.

python install.py [EXTRA…], where pyproject.toml and constraints.txt are.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
added = [requirement for extra in sys.argv[1:] for requirement in project["optional-dependencies"][extra]]
pip = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--constraint", "constraints.txt"]
sys.exit(subprocess.call([*pip, *(added or project["dependencies"])]))
