"""Checks that data files are what Odoo reads: well formed, and valid against Odoo's own grammar."""

import sys

import source
from lxml import etree


def main(names: list[str]) -> int:
    grammar = etree.RelaxNG(etree.parse(source.find().python_path / "odoo" / "import_xml.rng"))
    failed = 0
    for name in names:
        try:
            tree = etree.parse(name)
        except etree.XMLSyntaxError as error:
            print(f"{name}: {error}")
            failed = 1
            continue
        if tree.getroot().tag == "odoo" and not grammar.validate(tree):
            print(f"{name}: {grammar.error_log.last_error}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
