"""The catalogue: every row sourced and consistent with itself, names found the way people type them."""

import csv
import math
import subprocess
import sys

import pytest

from bearing.errors import ParameterError
from bearing.files import DATA_DIR
from bearing.physics.catalogue import (
    find,
    load_catalogue,
    load_estimated,
    own_csv,
    parse_geometry,
    parse_orders,
    parse_own,
)
from bearing.physics.kinematics import FaultOrders, Geometry, fault_orders

ENTRIES = load_catalogue()


def rows():
    with (DATA_DIR / "bearings.csv").open(newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def last_digit(text):
    """One unit of the last written digit."""
    return 10.0 ** -len(text.partition(".")[2])


def test_enough_bearings_of_every_kind():
    assert len(ENTRIES) >= 60
    kinds = {entry.type for entry in ENTRIES}
    for kind in ("deep groove ball", "cylindrical roller", "tapered roller", "spherical roller", "insert ball"):
        assert kind in kinds


def test_every_row_names_its_source_and_is_unique():
    assert all(len(entry.source) > 20 for entry in ENTRIES)
    assert len({(entry.maker, entry.designation) for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["designation"])
def test_row_has_numbers_of_one_kind_at_least(row):
    geometry = [row["ball_diameter"], row["pitch_diameter"], row["contact_angle_deg"], row["unit"]]
    assert all(geometry) or not any(geometry)
    published = [row["bpfo"], row["bpfi"], row["bsf"]]
    assert all(published) or not any(published)
    assert any(geometry) or any(published)


@pytest.mark.parametrize("row", [row for row in rows() if row["bpfo"]], ids=lambda row: row["designation"])
def test_published_orders_are_consistent_within_their_rounding(row):
    n, bpfo, bpfi, bsf = int(row["elements"]), float(row["bpfo"]), float(row["bpfi"]), float(row["bsf"])
    rounding = last_digit(row["bpfo"])
    assert abs(bpfo + bpfi - n) <= 2 * rounding  # every element passes both races once a turn of the cage
    if row["ftf"]:
        assert abs(float(row["ftf"]) - bpfo / n) <= max(last_digit(row["ftf"]), rounding)
    ratio = 1 - 2 * bpfo / n  # (d/D) cos phi
    cos_phi = bsf * 2 * ratio / (1 - ratio**2)  # 1 for a radial contact; the sum of two roundings allows 0.6 %
    radial = row["type"] in ("deep groove ball", "insert ball", "cylindrical roller", "needle roller")
    assert abs(cos_phi - 1) < 0.006 if radial else 0.7 < cos_phi < 1


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.geometry], ids=lambda e: e.designation)
def test_geometry_gives_the_published_orders(entry):
    computed = fault_orders(entry.geometry)
    for name in ("bpfo", "bpfi", "bsf", "ftf"):
        assert getattr(entry.orders, name) == pytest.approx(getattr(computed, name), rel=2e-3)
    assert entry.elements == entry.geometry.elements


def test_cwru_bearings_have_the_published_orders():
    drive, fan = find("6205-2RS JEM"), find("6203-2RS JEM")
    assert (drive.orders.bpfo, drive.orders.bpfi) == (3.5848, 5.4152)
    assert 2 * drive.orders.bsf == pytest.approx(4.7135)
    assert (fan.orders.bpfo, fan.orders.bpfi) == (3.0530, 4.9469)


def test_other_rigs():
    assert find("ER-16K").orders.bpfo == pytest.approx(3.572, abs=1e-3)
    nice = find("NICE").orders  # MFPT publishes 3.245, 4.755, 2.555, 0.406
    assert (nice.bpfo, nice.bpfi) == pytest.approx((3.245, 4.755), abs=1e-3)
    ims = find("ZA-2115").orders  # Rexnord's bearing in the IMS data: 236.4 and 296.9 Hz at 2000 rpm
    assert (ims.bpfo * 2000 / 60, ims.bpfi * 2000 / 60) == pytest.approx((236.4, 296.9), abs=0.1)


@pytest.mark.parametrize(
    ("typed", "designation"),
    [
        ("6205-2RS JEM", "6205-2RS JEM"),
        ("6205-2rs", "6205-2RS JEM"),
        ("skf 6205 2rs jem", "6205-2RS JEM"),
        ("SKF6205", "6205-2RS JEM"),
        ("6205", "6205-2RS JEM"),
        ("nsk 6205", "6205 DDU"),
        ("6206-2Z/C3", "6206"),
        ("NU 205 E", "NU205E"),
        ("NU 205 ECP", "NU205E"),
        ("er16k", "ER-16K"),
        ("za2115", "ZA-2115"),
        ("FAG 6203", "6203"),
        ("22228 CC", "22228"),
        ("6205ZZ", "6205-2RS JEM"),
        ("6205C3", "6205-2RS JEM"),
        ("skf 6205-2rsh/c3", "6205-2RS JEM"),
        ("FAG 6205-C-2HRS", "6205-2RS JEM"),
        ("NTN 6205 LLU/5K", "6205-2RS JEM"),
        ("MRC 6205", "6205-2RS JEM"),
        ("6205.2RSR", "6205-2RS JEM"),
        ("S6205-2RS", "6205-2RS JEM"),
        ("62052RS", "6205-2RS JEM"),
        ("NJ 205", "NU205"),
        ("FAG 6308", "6308"),
        ("6306-2Z", "6306"),
        ("63062Z", "6306"),
        ("608ZZ", "608"),
        ("NUP 306", "NU306"),
        ("UCP205", "UC205"),
        ("22220 EK", "22220"),
        ("62205-2RS1", "62205"),
        ("7308 BECBP", "7308"),
    ],
)
def test_find_is_tolerant(typed, designation):
    assert find(typed).designation == designation


def test_every_entry_is_found_by_maker_and_designation():
    for entry in ENTRIES:
        assert find(f"{entry.maker} {entry.designation}") == entry


@pytest.mark.parametrize("name", ["62061", "63190", "no such bearing", "", "62"])
def test_unknown_names_list_the_nearest(name):
    with pytest.raises(ParameterError, match=r"(No bearing .* nearest are|fits several)"):
        find(name)


@pytest.mark.parametrize("typed", ["620S", "62O5", "6250", "A6205B", "SKF 62005"])
def test_a_misspelt_name_is_offered_the_right_one(typed):
    with pytest.raises(ParameterError, match=r"nearest are .*6205.*\. Give"):
        find(typed)


def test_names_of_bearings_that_differ_are_asked_back():
    with pytest.raises(ParameterError, match="orders differ"):
        find("DIRG")


def test_hundreds_of_designations_answer_each_with_its_source():
    answers = [find(entry.designation) for entry in (*ENTRIES, *load_estimated())]
    assert len({entry.designation for entry in answers}) >= 300
    assert all(entry.estimated == entry.source.startswith("Estimated") for entry in answers)


def test_estimates_come_with_a_count_less_and_a_count_more():
    for entry in load_estimated():
        counts = sorted(round(orders.bpfo + orders.bpfi) for orders in entry.alternatives)
        assert counts == [entry.elements - 1, entry.elements + 1]
        assert entry.roller == ("roller" in entry.type)


@pytest.mark.parametrize(
    "designation", ["6205-2RS JEM", "6203", "6204", "6206", "6319", "NU205", "NU206E", "22228", "7205"]
)
def test_one_of_the_estimates_comes_near_the_published_orders(designation):
    known = find(designation)
    base = {"6205-2RS JEM": "6205", "NU206E": "NU206"}.get(designation, designation)
    guess = next(entry for entry in load_estimated() if entry.designation == base)
    errors = [abs(orders.bpfo / known.orders.bpfo - 1) for orders in (guess.orders, *guess.alternatives)]
    assert min(errors) < 0.03


def test_own_bearings_come_from_a_file(tmp_path, monkeypatch):
    own = tmp_path / "mine.csv"
    own.write_text("designation,elements,ball_diameter,pitch_diameter\nPump A,11,9.0,60\n", encoding="utf-8")
    monkeypatch.setenv("BEARING_CATALOGUE", str(own))
    load_catalogue.cache_clear()
    try:
        entry = find("pump a")
        assert (entry.name, entry.elements) == ("Pump A (own)", 11)
        assert find("6205").designation == "6205-2RS JEM"
        own.write_text("designation,elements\nPump B,11\n", encoding="utf-8")
        load_catalogue.cache_clear()
        with pytest.raises(ParameterError, match=r"Bearing 1 of mine.csv has neither usable geometry"):
            find("6205")
    finally:
        monkeypatch.undo()
        load_catalogue.cache_clear()


def test_own_bearings_go_into_a_csv_and_come_back():
    text = "designation,elements,ball_diameter,pitch_diameter,bpfo,bpfi,bsf\nPump A,11,9.0,60,,,\nFan,,,,3.6,5.4,2.4\n"
    entries = parse_own(text, "mine.csv")
    assert [(e.name, e.elements) for e in entries] == [("Pump A (own)", 11), ("Fan (own)", 9)]
    again = parse_own(own_csv(entries), "mine.csv")
    assert [e.orders for e in again] == [e.orders for e in entries]


@pytest.mark.parametrize(
    "text",
    [
        "designation,bpfo,bpfi,bsf\n" + "x" * 81 + ",3.6,5.4,2.4\n",
        "designation;bpfo\nX;3,6\n",
        "designation,bpfo\nX,3.6\n",
        "a,b\n1,2\n",
        "designation,elements\n,9\n",
        "\x00,1\n2\n",
    ],
)
def test_a_csv_without_bearings_is_told(text):
    with pytest.raises(ParameterError, match=r"Bearing 1 of mine.csv has neither"):
        parse_own(text, "mine.csv")


def test_parse_geometry():
    assert parse_geometry("n=8,d=5.97,D=31.62,phi=0") == Geometry(8, 5.97, 31.62, 0.0)
    assert parse_geometry(" D = 31.62; d=5.97 n=8 ") == Geometry(8, 5.97, 31.62, 0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n=8,d=5.97", "D missing"),
        ("n=8,d=5.97,D=x", "D must be a number"),
        ("n=8,d=5.97,D=31.62,q=1", "could not use 'q=1'"),
        ("n=8,n=9,d=5.97,D=31.62", "n is given twice"),
        ("n=8.5,d=5.97,D=31.62", "must be whole"),
        ("n=8,d=40,D=31.62", "smaller than the pitch"),
        ("n=8,d=nan,D=31.62", "d must be a finite number"),
        ("n=nan,d=5.97,D=31.62", "n must be a finite number"),
        ("n=inf,d=5.97,D=31.62", "n must be a finite number"),
        ("n=8,d=5.97,D=1e400", "D must be a finite number"),
        ("n=8,d=5.97,D=31.62,phi=95", "contact angle"),
        ("", "name=number"),
    ],
)
def test_parse_geometry_says_what_is_wrong(text, message):
    with pytest.raises(ParameterError, match=message):
        parse_geometry(text)


def test_parse_orders():
    assert parse_orders("bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=0.41") == FaultOrders(3.25, 4.76, 2.56, 0.41)
    assert parse_orders("BPFO=3.25 BPFI=4.76 BSF=2.56 FTF=0.41") == FaultOrders(3.25, 4.76, 2.56, 0.41)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bpfo=3.25,bpfi=4.76", "bsf, ftf missing"),
        ("bpfo=4.76,bpfi=3.25,bsf=2.56,ftf=0.41", "swapped"),
        ("bpfo=3.25,bpfi=4.76,bsf=2.56,ftf=1.41", "below 1"),
        ("bpfo=inf,bpfi=4.76,bsf=2.56,ftf=0.41", "finite number"),
        ("bpfo=1e-9,bpfi=4.76,bsf=2.56,ftf=0.41", "BPFO must lie between 0.01 and 200"),
        ("bpfo=3.25,bpfi=201,bsf=2.56,ftf=0.41", "BPFI must lie between 0.01 and 200"),
    ],
)
def test_parse_orders_says_what_is_wrong(text, message):
    with pytest.raises(ParameterError, match=message):
        parse_orders(text)


def test_import_is_light():
    code = "import sys, bearing.physics.catalogue; print([m for m in ('pandas', 'numpy', 'scipy') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_orders_stay_finite():
    for entry in ENTRIES:
        assert all(math.isfinite(v) and v > 0 for v in (entry.orders.bpfo, entry.orders.bsf, entry.orders.ftf))


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ("KBS 6205", "6205"), ("C&U 6205", "6205"), ("skf explorer 6205-2rs1", "6205"), ("deep groove 6205", "6205"),
        ("Rillenkugellager 6205", "6205"), ("DIN 625-6205", "6205"), ("E2.6205-2Z/C3", "6205"), ("180205", "6205"),
        ("\uff16\uff12\uff10\uff15\uff0d\uff12\uff32\uff33", "6205"), ("6205 \u04213", "6205"),
        ("1210 K", "1210"), ("2206 EKTN9/C3", "2206"), ("3205 A-2Z", "3205"), ("5208-2RS", "5208"),
        ("QJ 206 N2MA", "QJ206"), ("71910 C", "71910"), ("NJ 2306", "NU2306"), ("31306", "31306"),
        ("23122 CCK/W33", "23122"), ("R8ZZ", "R8"), ("MR105", "MR105"), ("FYJ 25 TF", "UC205"),
        ("SNL 511-609 + 22211 EK", "22211"),
    ],
)  # fmt: skip
def test_bearings_as_people_write_them(said, base):
    assert find(said).designation.startswith(base)


def test_a_housing_is_no_bearing():
    with pytest.raises(ParameterError, match="is a housing and fits several bearings"):
        find("SNL 511")
    with pytest.raises(ParameterError, match="No bearing"):
        find("CARB C2210")  # toroidal: not the 2210 that rolls on balls
