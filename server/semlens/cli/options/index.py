"""The options of the commands that update, show, check or delete an index."""

from __future__ import annotations

from semlens.cli.options.shared import AddCommand, add_folder, add_json, add_no_daemon


def add_index(add: AddCommand) -> None:
    index = add("index", "index:run", "bring the index of a folder up to date")
    add_folder(index)
    add_no_daemon(index)
    index.add_argument(
        "--wait", action="store_true", help="also wait until the second, better model has read everything"
    )
    add_json(index)


def add_outline(add: AddCommand) -> None:
    outline = add("outline", "outline:run", "print the symbols of one file as they are indexed")
    outline.add_argument("path", metavar="PATH", help="the file")
    add_no_daemon(outline)  # it never asks the server; scripts may give the option to every command
    add_json(outline)


def add_maintenance(add: AddCommand) -> None:
    status = add("status", "status:run", "show what is indexed, with which models, and how large the index is")
    add_folder(status)
    add_no_daemon(status)
    status.add_argument("--skipped", action="store_true", help="list the files that are left out, by reason")
    add_json(status)
    doctor = add("doctor", "doctor:run", "check the installation and say how to fix problems")
    add_json(doctor)
    forget = add("forget", "forget:run", "delete the index of a folder, those of deleted folders, or all")
    target = forget.add_mutually_exclusive_group()
    target.add_argument("folder", nargs="?", metavar="DIR", help="the folder whose index is deleted (default: .)")
    target.add_argument("--all", dest="everything", action="store_true", help="delete every index and all vectors")
    target.add_argument("--gone", action="store_true", help="delete the indexes of folders that no longer exist")
