#!/usr/bin/env zsh
# What zsh makes of a line when Tab is pressed: zsh.sh COMPLETION TWLAB
file=${1:A}
zsh -n $file || exit
zmodload zsh/zpty
integer failed=0
folder=$(mktemp -d)
trap 'rm -rf $folder' EXIT
cd $folder
mkdir outer
touch results.json
ln -s $2 twlab
cp $file .
path=($folder $path)

# A shell of its own, on a terminal of its own. ^X shows the line and empties it.
zpty shell zsh -f -i
() {
  local line
  zpty -w shell "PS1= PS2=; unsetopt zle_bracketed_paste; fpath=($folder \$fpath)"
  zpty -w shell 'show() { print -r -- "<<$BUFFER>>"; BUFFER= }; zle -N show; bindkey "^X" show'
  zpty -w shell 'autoload -Uz compinit; compinit -u -D; print ready to go | tr a-z A-Z'
  zpty -r -m shell line '*READY TO GO*'
}

# expect WANTED TYPED
expect() {
  local got
  zpty -w -n shell "$2"$'\t\x18'
  zpty -r -m shell got '*<<*>>*'
  got=${${got##*<<}%%>>*}
  [[ $got == $1 ]] || { print -r -- "$2: wanted '$1', got '$got'"; failed=1 }
}

expect 'twlab run ' 'twlab ru'
expect 'twlab run --family=' 'twlab run --fam'
expect 'twlab run --format=junit ' 'twlab run --format=ju'
expect 'twlab run --format junit ' 'twlab run --format ju'
expect 'twlab run close.four-segments ' 'twlab run close.four'
expect 'twlab run -o outer/' 'twlab run -o ou'
expect 'twlab run --expect results.json ' 'twlab run --expect re'
expect 'twlab run --kernel this ' 'twlab run --kernel thi'
expect 'twlab run --set net.ipv4.tcp_fin_timeout=' 'twlab run --set net.ipv4.tcp_fin'
expect 'twlab show timewait.two-minutes ' 'twlab show timewait.two'
expect 'twlab ladder outer close.four-segments ' 'twlab ladder outer close.four'
expect 'twlab kernels remove ' 'twlab kernels rem'
expect 'twlab kernels add --force ' 'twlab kernels add --fo'
zpty -d shell
exit failed
