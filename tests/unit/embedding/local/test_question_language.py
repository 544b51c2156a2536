"""Questions in other languages than English, word by word."""

from __future__ import annotations

import pytest

from semlens.embedding.local.question_language import QuestionTranslator, keys_of, language_of
from semlens.embedding.registry import find_model, load_embedder

TABLE = """\
de\tdatei\tfile
de\tschrei*\twrite
zh\t文件\tfile
zh\t写入\twrite
ja\tファイル\tfile
ja\t保存\tsave store
ko\t파일*\tfile
ru\tфайл\tfile
a line of another form
""".encode()  # noqa: RUF001


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("wo wird die datei geschrieben", "de"),
        ("¿dónde se guarda el archivo?", "es"),
        ("où est écrit le fichier", "fr"),
        ("onde o arquivo é gravado", "pt"),
        ("在哪里写入文件", "zh"),
        ("ファイルはどこに保存される", "ja"),
        ("파일은 어디에 저장되나", "ko"),
        ("где сохраняется файл", "ru"),
        ("where is the file written", None),
        ("des encryption of a file", None),
        ("parse naïve dates", None),
        ("de-duplicate rows", None),
        ("", None),
        ("the of and", None),
        ("💾 🙂", None),
        ("אייפה הקובץ", None),  # right to left, and not one of the eight
    ],
)
def test_language_of(question: str, language: str | None) -> None:
    assert language_of(question) == language


@pytest.mark.parametrize(
    ("question", "english"),
    [
        ("wo wird die Datei geschrieben", "file"),
        ("wie wird eine datei mit schreibschutz geöffnet", "file write"),
        ("把 DataFrame 写入文件", "DataFrame write file"),
        ("ファイルを保存", "file save store"),
        ("파일을 읽기", "file"),
        ("где wal файл", "wal file"),
        ("wo ist das unbekannte", "wo ist das unbekannte"),  # nothing known: better than no question
        ("where is the file", "where is the file"),
        ("", ""),
    ],
)
def test_english_words_of_a_question(question: str, english: str) -> None:
    assert QuestionTranslator(TABLE).english(question) == english
    assert QuestionTranslator(b"").english(question) == question


def test_only_the_start_of_a_long_question_is_read() -> None:
    assert QuestionTranslator(TABLE).english("文件" * 12_500 + "写入") == "file"
    assert QuestionTranslator(TABLE).english("wo ist " * 8_000) == "wo ist " * 8_000


@pytest.mark.parametrize(
    ("language", "text", "keys"),
    [
        ("de", "Die Dateinamen der Datei", ["die", "datein*", "der", "datei"]),
        ("ko", "저장하다 힙", ["저장*", "힙"]),
        ("zh", "文件系统", ["文件", "件系", "系统"]),
        ("ja", "ファイル名の変更", ["ファイル", "名", "変更"]),
    ],
)
def test_keys_of(language: str, text: str, keys: list[str]) -> None:
    assert keys_of(language, text, frozenset()) == keys


@pytest.mark.parametrize("model", ["semlens-static-v1", "semlens-minilm-v1"])
@pytest.mark.parametrize(
    "question",
    [
        "wo wird die Verbindung zum Server geschlossen",
        "¿dónde se cierra la conexión con el servidor?",
        "où ferme-t-on la connexion au serveur",
        "onde a conexão com o servidor é fechada",
        "在哪里关闭与服务器的连接",
        "サーバーとの接続を閉じる",
        "서버와의 연결을 닫는 곳",
        "где закрывается соединение с сервером",  # noqa: RUF001
    ],
)
def test_a_question_is_nearer_to_its_english_twin_than_to_another(model: str, question: str) -> None:
    embedder = load_embedder(find_model(model), threads=1)
    asked, twin, another = map(
        embedder.embed_query,
        [question, "where is the connection to the server closed", "how are rows of a table sorted by date"],
    )
    assert asked @ twin > asked @ another + 0.2
