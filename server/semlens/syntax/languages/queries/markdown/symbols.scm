(section . (atx_heading heading_content: (inline) @name)) @string
(setext_heading heading_content: (paragraph) @name) @string
