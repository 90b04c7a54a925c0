#!/usr/bin/python3
"""results.json is what docs/results.schema.json says, and all that it says.

usage: schema_test.py SCHEMA RESULTS...

Each of the files must be valid, also when nothing may be in it that the schema does not name; and the
first of its kind must no longer be valid after any of some changes.
"""
import copy
import json
import sys

import jsonschema


def closed(schema):
    """The schema with every object restricted to the fields that it names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: closed(part) for key, part in schema.items()}
    if isinstance(strict.get("properties"), dict):
        strict.setdefault("additionalProperties", False)
    return strict


def remove(key):
    return lambda document: document.pop(key)


def put(value, *path):
    def change(document):
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value
    return change


JUDGED = {"claim": "x", "verdict": "confirmed", "reason": "", "sections": [], "control": ""}
SPOILED = {
    "twlab results": [
        remove("results"), remove("kernel"), put(2, "schema"), put("twlab", "format"), put({}, "guest"),
        put("1.5", "took_ns"), put(None, "claims", 0, "statement"), put("ipx", "results", 0, "family"),
        put("../x", "results", 0, "lab"), put([JUDGED | {"verdict": "maybe"}], "results", 0, "verdicts"),
        put([{"title": "x", "control": False}], "results", 0, "sections"),
        put([{"title": "x", "control": False, "checks": [{}]}], "results", 0, "sections"),
        put(1, "results", 0, "settings", "net.ipv4.tcp_syncookies"),
    ],
    "twlab matrix": [
        remove("rows"), put("2", "schema"), put({}, "columns", 0), put("no", "rows", 0, "changes"),
        put({"verdict": "yes", "reason": ""}, "rows", 0, "kernels", "6.1"),
        put(-1, "columns", 0, "summary", "error"), put(1, "columns", 0, "summary", "good"),
    ],
}


def main(schema_file, *files):
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    # Of one kind of document, or the errors would be of the other.
    strict = {"twlab results": "run", "twlab matrix": "matrix"}
    spoiled_kinds, problems = set(), []
    for name in files:
        with open(name, encoding="utf-8") as file:
            document = json.load(file)
        kind = document["format"]
        whole = closed(schema)
        del whole["oneOf"]
        whole["$ref"] = "#/$defs/" + strict[kind]
        for error in jsonschema.Draft202012Validator(whole).iter_errors(document):
            problems.append(f"{name}: {error.json_path}: {error.message[:200]}")
        if not validator.is_valid(document):
            problems.append(f"{name}: is not valid")
        if kind in spoiled_kinds:
            continue
        spoiled_kinds.add(kind)
        for number, change in enumerate(SPOILED[kind]):
            spoiled = copy.deepcopy(document)
            change(spoiled)
            if validator.is_valid(spoiled):
                problems.append(f"{name}: is still valid after change {number} of {kind}")
    print("\n".join(problems[:20]), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
