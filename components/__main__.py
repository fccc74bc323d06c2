"""Serves the components to every Pulumi language."""

import importlib
import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "pulumi_kotauth"

# The plugin runs from this folder. On the path it would hide installed packages (`docker`) behind its own folders; and
# its modules must have one name only, the installed one.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]
spec = importlib.util.spec_from_file_location(NAME, HERE / "__init__.py", submodule_search_locations=[str(HERE)])
if spec is None or spec.loader is None:
    raise ImportError(f"{HERE} is not the component package")
package = importlib.util.module_from_spec(spec)
sys.modules[NAME] = package
spec.loader.exec_module(package)

if __name__ == "__main__":
    importlib.import_module(f"{NAME}.schema.host").serve(package.COMPONENTS, package.PACKAGE)
