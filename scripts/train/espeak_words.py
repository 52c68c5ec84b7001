"""Spoken words from the synthesiser eSpeak NG (Debian package `espeak-ng`, 1.51): needed for training alone.

A voice here is one of its variants, which change pitch, formants and timbre; each can speak in several accents.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.card import Step
from edge.steps import run_steps

RATE = 8000
STEPS = [Step(id="decode_audio"), Step(id="to_mono"), Step(id="resample", kwargs={"rate": RATE})]
ACCENTS = (
    *("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp"),
    *("en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"),
)
# Never heard in training; voices that come in numbered versions are held out together.
HELD_OUT = (
    *("Andrea", "Annie", "Denis", "Gene", "Gene2", "Lee", "Mike", "belinda", "boris", "f2", "grandma", "iven"),
    *("iven2", "iven3", "iven4", "linda", "m3", "max", "quincy", "sandro", "steph", "steph2", "steph3", "travis"),
)
TRAINING = (
    *("Alex", "Alicia", "Andy", "AnxiousAndy", "Diogo", "Henrique", "Hugo", "Jacky", "Marco", "Mario", "Michael"),
    *("Nguyen", "RicishayMax", "RicishayMax2", "RicishayMax3", "Storm", "Tweaky", "UniRobot", "adam", "anika"),
    *("anikaRobot", "announcer", "antonio", "aunty", "benjamin", "caleb", "croak", "david", "ed", "edward", "edward2"),
    *("f1", "f3", "f4", "f5", "grandpa", "gustave", "john", "kaukovalta", "klatt", "klatt2", "klatt3", "klatt4"),
    *("klatt5", "klatt6", "m1", "m2", "m4", "m5", "m6", "m7", "m8", "marcelo", "michel", "miguel", "norbert"),
    *("pablo", "paul", "pedro", "rob", "robert", "robosoft", "robosoft2", "robosoft4", "robosoft6", "robosoft8"),
    *("shelby", "victor", "whisper", "whisperf", "zac"),
)
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# That are no digit and sound like none.
WORDS = """
about above after again air all along also always animal another answer any around back base before begin below
between big bird black blue boat body book both boy bring build busy came car carry cat cause change children city
clear close cold color come common correct cover cross cry dark day deep different dog door down draw drive dry
early earth east easy end enough even ever every example eye face fact fall family far farm fast father feel feet
few field figure fire first fish fly follow food foot form found friend front full game girl give go gold good got
great green ground group grow half hand happy hard head hear heat help here high hold home horse hot hour house idea
interest island job just keep kind king know land language last late laugh lead learn leave left less letter life
light list listen little live long love low machine make man many map mark mean measure money month moon morning
mother mountain move much music name near never new night no north note notice number ocean off often oil old only
open order other paper part pass people person picture piece place plain plan plant play point power problem product
pull put question quick rain read real record red rest right river road rock room rule run same say school science
sea second see sentence serve shape ship short should show side simple sing size sleep slow small snow song sound
south special spell stand star state step stop story street strong study sun sure table tail take talk teach tell
thing think those though thought time together top town travel true turn under until up use usual very voice vowel
wait walk want war warm watch water way week weight well west wheel where white whole why window wind winter wish
with woman wonder wood word work world would write year yes young
"""
OTHERS = tuple(WORDS.split())
UNHEARD = OTHERS[::8]  # in training
HEARD = tuple(word for word in OTHERS if word not in UNHEARD)


@dataclass(frozen=True)
class Utterance:
    """A word as it is asked of the synthesiser; `speed` in words a minute, `pitch` 0..99."""

    word: str
    voice: str
    accent: str
    speed: int
    pitch: int


def draw(words: Iterable[str], voices: Sequence[str], rng: np.random.Generator) -> list[Utterance]:
    """Ask for each word in a random voice, accent, speed and pitch."""
    return [
        Utterance(
            word,
            str(rng.choice(voices)),
            str(rng.choice(ACCENTS)),
            int(rng.integers(110, 221)),
            int(rng.integers(25, 80)),
        )
        for word in words
    ]


def speak(utterances: Sequence[Utterance]) -> list[NDArray[np.float32]]:
    """Return each word at `RATE`, `[T] float32`, cut to where it sounds, its peak at 1."""
    with ThreadPoolExecutor(8) as pool:  # the synthesiser sleeps for most of the time it takes
        return list(pool.map(_spoken, utterances))


def _spoken(utterance: Utterance) -> NDArray[np.float32]:
    voice = f"{utterance.accent}+{utterance.voice}"
    settings = ["-v", voice, "-s", str(utterance.speed), "-p", str(utterance.pitch), "--stdout"]
    command = ["espeak-ng", *settings, utterance.word]
    wav = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own words
    sound: NDArray[np.float32] = run_steps(STEPS, wav)
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    cut = sound[max(0, loud[0] - 200) : loud[-1] + 200]
    return np.asarray(cut / np.abs(cut).max(), np.float32)
