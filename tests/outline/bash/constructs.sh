#!/bin/bash
# Doc
foo() { bar "$1"; }
function baz { local x=1; inner() { :; }; }
function qux() (
  echo
)
readonly LIMIT=3
export PATH=x
VAR=1
declare -r K=2
alias ll='ls -l'
foo-bar() { :; }
