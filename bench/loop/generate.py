#!/usr/bin/env python3
"""A copy of this tree, several times as large, to measure what an edit costs when the product has grown:

    bench/loop/generate.py /tmp/lectern7 [--factor 7]

Courses, enrollments and groups are copied with other names for their types, tables, operations and modules (`Course` becomes
`Courseq3`) until src/domains is `factor` times as long as it is here; their tests go with them. Tests of the other domains are copied as they
are until tests/it is as much longer. The copies are compiled, not run: they have no migrations.
"""
import argparse
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = ["courses", "enrollments", "groups"]
# Names that all copies share: permissions, and what only looks like a name.
KEPT = re.compile(
    r"\b(?:Course(?:Read|Create|Update|UpdateAll|Delete)|Enrollment(?:Self|Manage|ReadAll)|Group(?:Read|Create|Update|Delete)"
    r"|COURSE_[A-Z_]+|ENROLLMENT_(?:SELF|MANAGE|READ_ALL)|GROUP_[A-Z]+|GROUP BY)\b"
)
STEMS = re.compile(r"course|section|enroll|group|progress|classroom", re.IGNORECASE)


def renamed(text: str, number: int) -> str:
    def stem(found: re.Match) -> str:
        return found[0] + (f"Q{number}" if found[0].isupper() else f"q{number}")

    pieces, at = [], 0
    for kept in KEPT.finditer(text):
        pieces += [STEMS.sub(stem, text[at : kept.start()]), kept[0]]
        at = kept.end()
    return "".join(pieces) + STEMS.sub(stem, text[at:])


def lines(*paths: Path) -> int:
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.rs"))]
    return sum(len(file.read_text().splitlines()) for file in files if file.is_file())


def module(folder: Path, name: str) -> list[Path]:
    """The files of a module: `name.rs`, and what stands in the folder `name`."""
    return [path for path in [folder / f"{name}.rs", *sorted((folder / name).rglob("*"))] if path.is_file()]


def copy(folder: Path, name: str, number: int, rename) -> str:
    for file in module(folder, name):
        target = folder / rename(str(file.relative_to(folder)))
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".rs":
            target.write_text(rename(file.read_text()))
        else:
            shutil.copy(file, target)
    return rename(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--factor", type=float, default=7)
    options = parser.parse_args()
    out: Path = options.out
    for name in subprocess.check_output(["git", "-C", ROOT, "ls-files", "-z"], text=True).split("\0"):
        if name and (ROOT / name).is_file():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, out / name)

    src, tests = out / "src/domains", out / "tests/it"
    before = {src: lines(src), tests: lines(tests)}
    wanted = {folder: int(count * options.factor) for folder, count in before.items()}

    copies = round((wanted[src] - before[src]) / lines(*(src / name for name in DOMAINS)))
    made, made_tests = [], []
    for number in range(1, copies + 1):
        rename = lambda text, number=number: renamed(text, number)
        made += [copy(src, name, number, rename) for name in DOMAINS]
        made_tests += [copy(tests, name, number, rename) for name in [*DOMAINS, "classroom"]]

    # The others, until it is enough; `crate::bookings` in them is the copy.
    others = ["bookings", "identity", "reports", "transactions", "documents", "socket", "ops", "session", "malformed", "tenancy", "eager"]
    others = [name for name in others if module(tests, name)]
    number = copies
    while lines(tests) < wanted[tests]:
        number += 1
        for name in others:
            if lines(tests) < wanted[tests]:
                copied = f"{name}_{number}"
                made_tests.append(
                    copy(tests, name, number, lambda text: re.sub(rf"^{name}\b|(?<=crate::){name}\b", copied, text))
                )

    listing = src / "mod.rs"
    text = listing.read_text()
    text = text.replace("pub mod courses;", "\n".join(f"pub mod {name};" for name in ["courses", *made]))
    text = text.replace("&courses::DOMAIN,", "\n".join(f"&{name}::DOMAIN," for name in ["courses", *made]))
    listing.write_text(text)
    listing = tests / "main.rs"
    listing.write_text(listing.read_text() + "".join(f"mod {name};\n" for name in made_tests))
    for folder, count in before.items():
        print(f"{folder.relative_to(out)}: {lines(folder)} lines, {lines(folder) / count:.1f} times {count}")


main()
