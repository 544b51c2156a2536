"""Words that may stand for each other in a question: our own groups for programming, and WordNet's commonest senses."""

from __future__ import annotations

from pathlib import Path

# Verbs and nouns that programmers exchange freely; written for this project.
GROUPS = """
delete remove erase drop discard destroy purge unlink
fetch get retrieve obtain download load acquire pull
create make build construct generate produce instantiate new
add append insert push put attach include
find search locate lookup seek discover detect
check verify validate ensure test confirm assert examine
convert transform translate cast coerce turn change
parse read decode interpret deserialize analyse analyze
write save store persist dump record serialize output
send transmit dispatch emit post deliver publish forward
receive accept get obtain consume
start begin launch run initiate boot spawn
stop end halt terminate finish quit shutdown kill cease
open connect establish access
close disconnect release shut
update modify change alter edit refresh amend adjust
compute calculate evaluate determine derive work
count number total amount tally quantity
list enumerate iterate walk traverse array sequence
sort order arrange rank
filter select choose pick exclude
merge combine join unite concatenate concat fuse mix
split divide separate partition break chop cut slice
copy clone duplicate replicate mirror
compare match equal equals diff contrast
print display show render draw output present
log record trace report
error exception failure fault problem mistake
warn warning alert notify
retry repeat again reattempt
wait sleep pause delay block
timeout deadline expiry limit
cache memoize memo remember store buffer
folder directory dir
path location place filename
file document
user account member person
password secret passphrase credential
token key credential
login signin authenticate logon
authorize permit allow grant permission
encrypt encode cipher scramble
decrypt decipher decode unscramble
hash digest checksum fingerprint
compress pack zip deflate shrink squeeze
decompress unpack unzip inflate extract expand
config configuration settings options preferences
argument parameter arg param option
function method procedure routine callable callback
class type kind
object instance item entity element
string text str characters
integer int number numeric
boolean bool flag
map dict dictionary mapping hashmap table
set collection group
queue buffer backlog
thread worker task job process
lock mutex semaphore guard
request call query
response reply answer result
server host backend service
client consumer caller
message msg notification mail
event signal notification
database db store storage
table relation
row record entry
column field attribute property
image picture photo bitmap
width breadth horizontal
height vertical tall
size length extent dimension magnitude
maximum max largest biggest highest greatest
minimum min smallest least lowest
average mean
random arbitrary shuffled
empty blank null none nothing void missing
first initial head front leading beginning
last final tail trailing end
next following subsequent successor
previous prior preceding predecessor former
parent ancestor container superior
child descendant nested sub
duplicate repeated redundant same
unique distinct different
temporary temp tmp transient
current present active
default fallback standard
replace substitute swap exchange
reverse invert flip backwards
clear reset empty wipe clean
register subscribe enroll add
unregister unsubscribe remove
handle process treat manage deal
format layout style pretty
escape quote sanitize
trim strip cut
truncate shorten abbreviate clip cut
pad fill extend
round approximate
increase increment raise grow bump
decrease decrement lower reduce shrink
enable activate allow turn
disable deactivate forbid turn
invalid wrong bad illegal malformed incorrect broken
valid correct legal well
normalize canonicalize standardize
upper uppercase capital
lower lowercase small
time date moment timestamp when
duration interval period span
url link address uri
header heading title
body content payload
socket connection channel
port address
network net
install setup deploy
dependency requirement prerequisite
version release revision
token symbol lexeme
node vertex
edge arc link
graph network
tree hierarchy
matrix grid array
vector array
point coordinate position location
color colour
button widget control
window frame dialog
click press tap
cursor caret pointer
callback handler listener hook
recursive nested deep
permission access right privilege
owner possessor holder
upload send push
rename move retitle
move shift transfer relocate
lookup resolve find
skip ignore omit bypass
throw raise signal
catch handle trap
guess infer deduce estimate
subtract minus difference
multiply times product
divide quotient
sum total add
""".strip().splitlines()


def _wordnet(folder: Path) -> dict[str, list[str]]:
    """Single-word lemmas of each lemma's two commonest senses, verbs before nouns, adjectives and adverbs."""
    synonyms: dict[str, list[str]] = {}
    for part in ("verb", "noun", "adj", "adv"):
        synsets: dict[str, list[str]] = {}
        for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
            fields = line.split(" ")
            if line.startswith(" "):
                continue
            words = [fields[4 + 2 * i].split("(")[0].lower() for i in range(int(fields[3], 16))]
            synsets[fields[0]] = [word for word in words if word.isalpha()]
        for line in (folder / f"index.{part}").read_text(encoding="latin-1").splitlines():
            fields = line.split()
            if line.startswith(" ") or not fields[0].isalpha():
                continue
            senses = fields[-int(fields[2]) :][:2]
            for sense in senses:
                synonyms.setdefault(fields[0], []).extend(w for w in synsets.get(sense, ()) if w != fields[0])
    return synonyms


_ENDINGS = (
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("ly", ""),
)


def lemmas(word: str) -> list[str]:
    """The word and what it may be an inflected form of."""
    return [word, *(word[: -len(a)] + b for a, b in _ENDINGS if word.endswith(a) and len(word) - len(a) > 2)]


def synonym_table(words: list[str], wordnet: Path | None) -> dict[str, list[str]]:
    """For each word that has any: the words of the vocabulary that may stand for it, our own groups first."""
    known = set(words)
    groups: dict[str, list[str]] = {}
    for line in GROUPS:
        group = line.split()
        for word in group:
            groups.setdefault(word, []).extend(other for other in group if other != word)
    general = _wordnet(wordnet) if wordnet else {}
    table: dict[str, list[str]] = {}
    for word in words:
        if len(word) < 3 or not word.isalpha():
            continue
        for lemma in lemmas(word):
            # our own groups count three times: they are about code
            found = [w for w in groups.get(lemma, []) * 3 + general.get(lemma, [])[:6] if w in known and w != word]
            if found:
                table[word] = found
                break
    return table
