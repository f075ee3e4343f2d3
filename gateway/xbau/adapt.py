"""Where an older release has another place for something than the newest: the tree is rearranged before placing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.xbau.release import Release
from gateway.xbau.tree import Group, Leaf, Part, Tree, fields, opened, tree_of

PAYER = "Gebührenpflichtiger"
PROJECTS = ("bauvorhaben", "bauvorhabenAenderungsdaten")


def adapted(tree: Group, release: Release) -> Group:
    """Return the tree with number of buildings and payer where `release` takes them."""
    if release.payer == "element" and release.buildings != "remark":
        return tree
    children = dict(tree.children)
    applicants = set(_keys(children.get("antragsteller"))) | set(_keys(children.get("anzeigender")))
    for name in PROJECTS:
        project = opened(children.get(name))
        if project is not None:
            if release.buildings == "remark":
                project = _buildings_as_remark(project)
            children[name] = _with_payer(project, applicants, release)
    if "beteiligte" in children:
        children = dict(_with_payer(Group(children, tree.pointer), applicants, release).children)
    return Group(children, tree.pointer)


def _buildings_as_remark(project: Group) -> Group:
    """Return a project that tells the number of buildings, and which, among its further remarks."""
    subject = opened(project.children.get("gegenstand"))
    buildings = opened(subject.children.get("anzahlDerGebaeude")) if subject else None
    if subject is None or buildings is None:
        return project
    rest = {name: value for name, value in subject.children.items() if name != "anzahlDerGebaeude"}
    remarks = project.children.get("weitereAngaben", [])
    assert isinstance(remarks, list), "weitereAngaben is a list"
    added = [Leaf(text, buildings.pointer) for text in _told(buildings)]
    return Group(
        {**project.children, "gegenstand": Group(rest, subject.pointer), "weitereAngaben": [*remarks, *added]},
        project.pointer,
    )


def _told(buildings: Group) -> Iterator[str]:
    count = buildings.children["anzahlDerGebaeudeImBauvorhaben"]
    assert isinstance(count, Leaf), "a number is one value"
    yield f"Anzahl der Gebäude im Bauvorhaben: {count.text}"
    named = buildings.children.get("identifikationGebaeude", [])
    for entry in named if isinstance(named, list) else []:
        building = opened(entry)
        if building is not None:
            name, key = building.children["gebaeudeBezeichnung"], building.children["uuidGebaeude"]
            if isinstance(name, Leaf) and isinstance(key, Leaf):
                yield f"Gebäude {name.text}: {key.text}"


def _with_payer(project: Group, applicants: set[str], release: Release) -> Group:
    """Return a project whose payer stands where the release has a place; the one applicant who pays needs none."""
    people = opened(project.children.get("beteiligte"))
    payer = people.children.get("gebuehrenpflichtiger") if people else None
    if release.payer == "element" or people is None or not isinstance(payer, Part):
        return project
    rest: dict[str, Tree] = {name: value for name, value in people.children.items() if name != "gebuehrenpflichtiger"}
    known = applicants or set(_keys(people.children.get("bauherr")))
    if known != set(_keys(payer)):
        if release.payer == "none":
            return project
        others = rest.get("weitereBeteiligte", [])
        assert isinstance(others, list), "weitereBeteiligte is a list"
        rest["weitereBeteiligte"] = [*others, _participant(payer)]
    return Group({**project.children, "beteiligte": Group(rest, people.pointer)}, project.pointer)


def _participant(payer: Part) -> Group:
    """Return the payer as one of the further participants, whose role the code list lacks."""
    role: Mapping[str, Tree] = {"nichtGelisteterWert": Leaf(PAYER, payer.pointer)}
    field: Mapping[str, Tree] = {"nichtGelisteterWert": Leaf("keine", payer.pointer)}
    return Group(
        {"beteiligter": payer, "rolle": Group(role, payer.pointer), "fachrichtung": Group(field, payer.pointer)},
        payer.pointer,
    )


def _keys(tree: Tree | None) -> Iterator[str]:
    """Yield the ids of the people and companies in a tree."""
    if isinstance(tree, list):
        for item in tree:
            yield from _keys(item)
    elif isinstance(tree, Part):
        for field, name in fields(type(tree.model)):
            value = getattr(tree.model, field)
            if name == "id" and value is not None:
                yield str(value)
            elif name in ("natuerlichePerson", "organisation", "bauherr", "anzeigender") and value is not None:
                yield from _keys(tree_of(value, tree.pointer))
