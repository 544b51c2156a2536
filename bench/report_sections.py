"""Titles and descriptions of results, and reasons for large packages: see `report`."""

from __future__ import annotations

REASONS = {
    "tree-sitter-language-pack": "has all grammars in one wheel for one version of the binding; few of our languages "
    "have a wheel of their own, and there is no smaller variant",
    "numpy": "holds the columns of the index; most of its size is BLAS, which is in every wheel",
    "onnxruntime": "runs the embedding models; no smaller runtime runs int8 transformers as fast on a processor",
    "semlens (model semlens-minilm-v1)": "the model: 22.7 million weights of one byte",
}
"""Why each package over 20 MB is needed."""

SMALLER = """\
What was tried to make it smaller, without a download at run time:

- Grammars: 130 of the 171 are used, 167 MB. 45 have a query for symbols, 68 MB; the others only cut windows at the
  borders of syntax. Leaving those out would save 118 MB, and code of 85 languages would be cut by lines instead.
- A wheel for each grammar, such as `tree-sitter-python`, in place of the pack: 36 of the 45 languages with a query
  have one for our platforms, 88 MB in all (SQL 14, OCaml 13). 17 of our 87 outlines then differ (Haskell, Julia,
  Kotlin, Python, Scala, SQL, Zig), because the versions differ. CMake, Erlang, R and others have none, so their users
  would need the pack as well. Not done: 399 MB for most would cost symbols and 36 more projects to trust.
- Copying 45 grammars out of the pack into our own wheel would give 379 MB. Then every platform needs a wheel of its
  own, and we would distribute the programs of others. Not done.
- All 171 grammars are 20 MB when compressed, so a download hardly shrinks. To keep them compressed on disk,
  programs would have to be unpacked into a folder that the user can write, and run from there: not done. Stripping
  symbols saves 2 %.
- huggingface-hub, hf-xet, fsspec and tqdm (21 MB) come with tokenizers and are never imported; tokenizers demands
  them. cryptography with cffi (17 MB) comes the same way with mcp.
- onnxruntime has its library twice, as a program and as a module of Python, 30 MB each; it demands neither sympy
  nor torch.
"""
"""Under the table of the installed size."""

SECTIONS = {
    "first_answer": (
        "From nothing to the first answer",
        "first_answer.py",
        "`uvx semlens search` with an empty cache of packages: seconds with downloads, then of a search in 30 files.",
    ),
    "graph": (
        "The code graph: callers against language servers",
        "graph_truth.py",
        (
            "Pairs of caller and callee that are calls resolvable inside the workspace, of sampled functions, "
            "methods and types outside of tests. Bars: precision .90 and recall .60 at confidence .8, recall .85 at "
            "any, 500 symbols of Python and 300 of the others. Go's rules were chosen after a look at its misses "
            "(recall .67 and .80 before), and the confidence of members of interfaces after a look at those of "
            "TypeScript (.56 and .73 before), so these figures are optimistic. Rust: `bench/graph_rust.py`, 325 call "
            "sites as 230 pairs of a function and a name, labelled by reading. Two of its five crates were looked at; "
            "before, the rows were .904, .726 and .952, and .840, .692 and .967. Missed: the precision of the labels "
            "that were never looked at."
        ),
    ),
    "graph_cost": (
        "The code graph: its cost, and the impact of real commits",
        "graph_impact.py",
        (
            "`cold index` is processor time of `semlens index` (`reference_cost.py`, three rounds on a busy machine; "
            "gin five, earlier): with references and without any; `before` is before the code graph, when other "
            "features were missing too. Bars: 5 % more time (missed: 6 to 19 %), 15 % more bytes (met). Of the time, "
            "three quarters read the references, in many small steps, and a sixth sends them from the workers. "
            "Impact: a changed test among the first ten for .70 of 100 commits of 17 repositories (met: 85). The "
            "order was chosen by the misses of nine of them; in the other eight it is right for 38 of 46 commits, "
            "before for 32. Seventeen of the hundred are found only because tests without any path are listed while "
            "there are few. Speed (`graph_speed.py M`) is processor time on a busy machine, which makes it longer; the "
            "bars of 5 ms and 150 ms are met by the medians."
        ),
    ),
    "agents": (
        "What an agent reads",
        "agents.py",
        "Tokens until the labelled place was seen, by fixed policies. semble is missing: its model is a download.",
    ),
    "agents_reports": (
        "What an agent reads: bug reports",
        "agents.py --reports",
        (
            "Reports of seven repositories of *Bug reports*, whole and by title. The right place is any code of a file "
            "that the fix changed. Missed: .93 within 2,000 tokens, which is the bar of the labelled questions."
        ),
    ),
    "agents_both": (
        "What an agent reads: both tiers",
        "agents.py --refine",
        (
            "Express, Sinatra, xmonad and zig-clap, with the vectors of semlens-minilm-v1 too, and the same questions "
            "with the static tier alone."
        ),
    ),
    "agents_memory": (
        "Five agents at once",
        "agents_memory.py",
        (
            "Five `semlens mcp` with one resident server, compared with one after as many calls each. Measured on S at "
            "a load of 30, so the times say nothing; M was not measured."
        ),
    ),
    "bug_reports": (
        "Bug reports",
        "bug_reports.py measure --reports DIR",
        (
            "Percent of the reports. `file@1`: the first file is right; `file@5`, `all@5`: one of the right files, or "
            "all, are among five. [ranking.md](ranking.md#all-benchmarks) has the bars."
        ),
    ),
    "chaos": (
        "Kills, damage and fuzzers",
        "",
        "`make chaos` and `make test-long`. [reliability.md](reliability.md) says what was checked.",
    ),
    "cluster": (
        "Many repositories: builds and searches by Ray",
        "cluster.py",
        (
            "[team.md](team.md#what-it-needs) says what follows. `oneProcess`, `oneProcessAgain` and `oneProcessThird` "
            "are one measurement at three times; a ratio compares with the mean of those before and after."
        ),
    ),
    "candidates": (
        "Limited candidates",
        "candidates.py",
        "Pages of limited candidates, compared with the ranking of all files. Every reader was limited, however small.",
    ),
    "context": (
        "Context packs",
        "context.py",
        "Share of labelled files and lines in a pack, by its tokens.",
    ),
    "context_calls": (
        "Calls in context packs",
        "context_calls.py",
        "Share of the functions called by a function that its pack has, compared with Jedi.",
    ),
    "embedding": (
        "Embedding models",
        "embedding.py",
        "MRR@10 and speed. [models.md](models.md) explains the tests.",
    ),
    "feature_worth": (
        "What each feature of the ranking is worth",
        "feature_worth.py",
        (
            "All features first; then the change without each, and its 95 % interval. "
            "[ranking.md](ranking.md#what-each-feature-is-worth) has the table."
        ),
    ),
    **{
        f"other_words_{models}": (
            f"Questions in other words, {title}",
            "other_words.py --sources DIR",
            "MRR@10 of the 160 questions of `bench/paraphrases`, by symbol and by file.",
        )
        for models, title in (("both", "both models"), ("static", "static model"))
    },
    "prose_weights": (
        "Weights for questions in prose",
        "learn_prose.py",
        "[ranking.md](ranking.md#questions-in-other-words) explains it. `set` are questions about repositories.",
    ),
    "code_queries": (
        "Similar code and duplicates",
        "code_queries.py",
        "Time of requests, and the planted copies found.",
    ),
    "live": (
        "Changes while the engine runs",
        "live.py",
        "A first index, a switch of branches and back, thousands of edits, and a start with nothing to do.",
    ),
    "map_M": (
        "Map of the index, corpus M",
        "map.py",
        "Cost of the process that computes it, on one thread of a busy machine. Trustworthiness at 15 neighbours.",
    ),
    "nvim_typing_M": (
        "Typing in Neovim, corpus M",
        "nvim_typing.py",
        "From a key to the repainted list.",
    ),
    "nvim_typing_S": (
        "Typing in Neovim, corpus S",
        "nvim_typing.py",
        "From a key to the repainted list.",
    ),
    "two_versions_M": (
        "Two versions of the language server side by side, corpus M",
        "two_versions.py",
        (
            "Of issue 18: a16c5e3 (old) and 32c4a2f (new; of idle and attacked 8636c25), in turns. The load of "
            "the machine is in the last column, so compare the two and not with other tables. The first text that"
            " is typed waits for the first search after the start. Processor time is that of all threads of the "
            "server. Bars on a quiet machine: a search 6 and 10 ms, typed 45, while indexing 25, attacked 60. "
            "Processor time of a search in idle servers is 24 % the scan of the vectors, 24 % other arithmetic of"
            " NumPy, 36 % Python. Not done: a scan of the 96 strongest of 256 components, then of the best 8,000 "
            "passages. It finds all of the 400 nearest for 97 % of the questions, and halves the scan only."
        ),
    ),
    "vector_index": (
        "The graph of vectors against the scan",
        "vector_index.py",
        "Processor time of one thread for a query, on a busy machine: compare the two, not with other tables.",
    ),
    "outline_speed": (
        "Speed of outlines",
        "outline_speed.py",
        "From bytes to symbols and passages, and the share of the speed of the parser alone.",
    ),
    "page_M": (
        "The page, corpus M, every process with a core at once",
        "",
        (
            "`chrt -r 1 node bench/page.mjs M`: from a key to the painted results, first paint and bytes of the first "
            "load, and frames of a made-up map while it is dragged. Chromium without a window, drawing by software."
        ),
    ),
    "ranking_features": (
        "Features of the ranking",
        "learn_weights.py --each",
        "[ranking.md](ranking.md) explains it.",
    ),
    "resident_search": (
        "Search with a resident server",
        "resident_server.py --only search",
        "Whole `semlens search` processes in turns with `python -c pass`.",
    ),
    "resident_search_real_time": (
        "Search with a resident server, every process with a core at once",
        "resident_server.py --only search",
        "The same under `chrt -r 1`, so that other programs on the machine do not count.",
    ),
    "resident_bridge": (
        "Bridge to a resident server",
        "resident_server.py --only bridge",
        "From the start of `semlens serve --shared` to the first byte of the answer to `initialize`; its memory then.",
    ),
    "resident_bridge_real_time": (
        "Bridge to a resident server, every process with a core at once",
        "resident_server.py --only bridge",
        "The same under `chrt -r 1`.",
    ),
    "resident_sessions": (
        "Five sessions of a resident server, corpus M",
        "resident_server.py --only sessions",
        "Memory with two editors, a command line loop and two agents; searches while another session indexes corpus S.",
    ),
    "resident_sessions_real_time": (
        "Five sessions of a resident server, every process with a core at once",
        "resident_server.py --only sessions",
        "The same under `chrt -r 1`.",
    ),
    "resident_kills": (
        "A resident server that is killed",
        "resident_kills.py",
        "Kills at random moments under five clients, and how many times all of them recovered without their user.",
    ),
    "secret_mask": (
        "Masking of secrets",
        "secret_mask.py",
        "How often public code is masked.",
    ),
    "service": (
        "Embedding service",
        "service.py",
        "Speed with a service, and the time that it adds to a search.",
    ),
    "soak": (
        "A long session",
        "soak.py",
        "Memory and latency of one server over a long time.",
    ),
    "token_estimate": (
        "Estimate of tokens",
        "token_estimate.py",
        "Relative error of the estimate. `under` is the share of samples that were estimated too low.",
    ),
    "vscode_M": (
        "Typing in VS Code, corpus M",
        "",
        "From a key to the list.",
    ),
    **{
        f"shared_index_{corpus}{suffix}": (
            f"A clone that pulls its index from S3, corpus {corpus}, {tiers}",
            f"shared_index.py {corpus}{option}",
            (
                "A repository is indexed and pushed to a bucket of SeaweedFS (two volume servers, filer, S3, all "
                "on this machine), then pulled into a clone with an empty cache. Each step is a whole process and ends "
                "when the index is complete and saved. Files with a secret stay out. "
                + (
                    "A pull computes only the vectors of their passages with a secret."
                    if suffix
                    else "When this was measured, a pull computed all vectors of these files; today it computes only "
                    "those of their passages with a secret."
                )
            ),
        )
        for corpus in "SM"
        for suffix, option, tiers in (("", "", "both tiers"), ("_first", " --first-tier", "first tier"))
    },
    **{
        f"worktree_{corpus}": (
            f"A git worktree, corpus {corpus}",
            f"worktree.py {corpus}",
            "The first index of a repository, then of a worktree of it.",
        )
        for corpus in "SML"
    },
}
"""Title, command and description of each result without a layout of its own."""

GROWTH = (
    "The figures of the sections above. Bars, median and 95 %: M 6 and 10 ms, L 10 and 20, XL 25 and 50 (all missed). "
    "XL was measured on a busy machine. Bar for memory that is no page of a file: 1.5 GB at XL (met)."
)
