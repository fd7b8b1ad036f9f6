"""Show docstrings as they are written: equations in fixed width, schema classes without noise."""

from __future__ import annotations

from pydantic import BaseModel


def setup(app) -> None:
    app.connect("autodoc-process-docstring", _keep_equations, priority=100)  # before napoleon
    app.connect("autodoc-process-docstring", _restore_attributes, priority=900)  # after it
    app.connect("autodoc-process-signature", _no_signature_of_records)
    app.connect("autodoc-skip-member", _skip_what_pydantic_adds)


_ATTRIBUTES = ("attribute", "data", "property")
_written: dict[str, list[str]] = {}


def _restore_attributes(app, what, name, obj, options, lines) -> None:
    """Undo what napoleon does to ``a: b`` in the text of an attribute: it takes a for a type."""
    if what in _ATTRIBUTES:
        lines[:] = _written.pop(name, lines)


def _keep_equations(app, what, name, obj, options, lines) -> None:
    """Make a literal block of every indented paragraph; the body of a section has no gap above."""
    kept: list[str] = []
    inside = False
    for index, line in enumerate(lines):
        indented = line.startswith("    ")
        gap = index > 0 and not lines[index - 1].strip()
        if indented and gap and not inside:
            kept += ["::", ""]
            inside = True
        elif line.strip() and not indented:
            inside = False
        kept.append(line if inside else line.replace("|", r"\|"))  # |x| is a size, not a reference
    lines[:] = kept
    if what in _ATTRIBUTES:
        _written[name] = [*kept, ""]


def _no_signature_of_records(app, what, name, obj, options, signature, returns):
    """A record is written as a mapping in a file: its fields say more than its constructor."""
    if isinstance(obj, type) and issubclass(obj, BaseModel):
        return "", None
    return None


def _skip_what_pydantic_adds(app, what, name, obj, skip, options):
    return True if name.startswith("model_") else None
