#!/usr/bin/env python3
"""What a release is made of: a CycloneDX SBOM, and the texts of the licences.

    packaging/sbom.py TARGET COMMIT SBOM.json LICENSES.txt

It reads Cargo's own resolution for that target (what is linked in, without what only tests and build scripts use), the hashes of
Cargo.lock, and the lock file of the embedded page. The same commit makes the same two files.
"""

import json
import pathlib
import subprocess
import sys
import tomllib
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ("license", "licence", "copying", "copyright", "notice", "unlicense")


def resolved(target):
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def linked(metadata):
    """The packages that the binary is linked of, and what each of them needs."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    needs, waiting = {}, [metadata["resolve"]["root"]]
    while waiting:
        package = waiting.pop()
        if package in needs:
            continue
        deps = nodes[package]["deps"]
        needs[package] = sorted(dep["pkg"] for dep in deps if any(kind["kind"] is None for kind in dep["dep_kinds"]))
        waiting.extend(needs[package])
    return needs


def hashes():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}


def licences(expression):
    # Cargo's old way of writing "or".
    return [{"expression": expression.replace("/", " OR ")}] if expression else []


def component(package, checksum):
    name, version = package["name"], package["version"]
    purl = f"pkg:cargo/{name}@{version}"
    found = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "scope": "required"}
    if licences(package["license"]):
        found["licenses"] = licences(package["license"])
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        found["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return found


def page():
    """The packages of the embedded page; what only builds it is left out."""
    lock = json.loads((ROOT / "web/package-lock.json").read_text())
    for path, package in sorted(lock["packages"].items()):
        if not path or package.get("dev") or package.get("link"):
            continue
        name, version = path.rsplit("node_modules/", 1)[-1], package["version"]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        found = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "scope": "required"}
        if package.get("license"):
            found["licenses"] = licences(package["license"])
        yield found


def texts(package):
    """Its licences as they are, from its own folder."""
    folder = pathlib.Path(package["manifest_path"]).parent
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.lower().startswith(NAMES):
            yield path.read_text(errors="replace").strip()


def main():
    target, commit, sbom, licence_file = sys.argv[1:]
    metadata = resolved(target)
    packages = {package["id"]: package for package in metadata["packages"]}
    needs, checksums = linked(metadata), hashes()
    own = {package for package in needs if packages[package]["source"] is None}
    ref = lambda package: f"pkg:cargo/{packages[package]['name']}@{packages[package]['version']}"
    components = {ref(package): component(packages[package], checksums.get((packages[package]["name"], packages[package]["version"]))) for package in needs}
    root = ref(metadata["resolve"]["root"])
    version = packages[metadata["resolve"]["root"]]["version"]
    pages = {found["bom-ref"]: found for found in page()}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'lectern {version} {commit} {target}')}",
        "version": 1,
        "metadata": {
            "component": {**components.pop(root), "type": "application"},
            "properties": [{"name": "lectern:commit", "value": commit}, {"name": "lectern:target", "value": target}],
        },
        "components": [components[key] for key in sorted(components)] + [pages[key] for key in sorted(pages)],
        "dependencies": [
            {"ref": ref(package), "dependsOn": sorted({ref(need) for need in needs[package]} | (set(pages) if ref(package) == root else set()))}
            for package in sorted(needs, key=ref)
        ],
    }
    pathlib.Path(sbom).write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")

    unnamed = [ref(package) for package in needs if package not in own and not packages[package]["license"] and not packages[package]["license_file"]]
    if unnamed:
        sys.exit(f"no licence is named by {', '.join(sorted(unnamed))}")
    # A text that many have stands there once, with all of their names.
    of_text = {}
    for package in sorted(needs, key=ref):
        if package in own:
            continue
        name = f"{packages[package]['name']} {packages[package]['version']} ({packages[package]['license'] or 'see its text'})"
        for text in list(texts(packages[package])) or ["(Its package holds no text; the licence is the one that it names.)"]:
            of_text.setdefault(text, []).append(name)
    parts = ["\n".join(dict.fromkeys(names)) + "\n\n" + text for text, names in of_text.items()]
    for found in pages.values():
        parts.append(f"{found['name']} {found['version']} ({found.get('licenses', [{'expression': 'see its package'}])[0]['expression']}), of the embedded page")
    pathlib.Path(licence_file).write_text(("\n\n" + "-" * 80 + "\n\n").join(parts) + "\n")


main()
