# Completion of twlab {{version}} for bash, made from its own description of the command line.
# shellcheck shell=bash disable=SC2091,SC2207

# Values, by what they are. What only the program knows it is asked.
_twlab_words() { COMPREPLY=($(compgen -W "$*" -- "$cur")); }
_twlab_list() { _twlab_words "$("$twlab" "$@" --format names 2> /dev/null)"; }
_twlab_names() { _twlab_list list; }
_twlab_labs() { _twlab_list list labs; }
_twlab_claims() { _twlab_list list claims; }
_twlab_releases() { _twlab_list kernels; }
_twlab_kernels() { _twlab_words all this "$("$twlab" kernels --format names 2> /dev/null)"; }
_twlab_settings() {
  compopt -o nospace 2> /dev/null
  COMPREPLY=($(compgen -S = -W "$(cd /proc/sys && printf '%s\n' net/ipv4/tcp_* | tr / .)" -- "$cur"))
}
_twlab_paths() {
  compopt -o filenames 2> /dev/null # so that bash quotes them
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}
_twlab_files() { _twlab_paths -f; }
_twlab_folders() { _twlab_paths -d; }

# The commands and options that may follow a command.
_twlab_follow() {
  case $1 in
{{#all}}
    '{{path}}') echo '{{words}}' ;;
{{/all}}
  esac
}

# _twlab_value COMMAND OPTION: prints what completes the option's value; fails when it takes none.
_twlab_value() {
  case "$1 $2" in
{{#all}}
{{#options}}
{{#value?}}
{{#names}}
    '{{path}} {{name}}') echo '{{completed_by}}' ;;
{{/names}}
{{/value?}}
{{/options}}
{{/all}}
    *) return 1 ;;
  esac
}

# _twlab_argument COMMAND N: what completes its N-th argument.
_twlab_argument() {
  case "$1 $2" in
{{#all}}
{{#arguments}}
    '{{path}} '{{#repeats}}*{{/repeats}}{{^repeats}}'{{place}}'{{/repeats}}) echo '{{completed_by}}' ;;
{{/arguments}}
{{/all}}
  esac
}

_twlab() {
  local twlab=$1 cur=${COMP_WORDS[COMP_CWORD]} command='' option='' given=0 ended='' i word=''
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $word == = ]]; then
      : # bash cuts --option=value in three
    elif [[ $option ]]; then
      option=''
    elif [[ $ended || $word != -* ]]; then
      if ((given == 0)) && [[ ! $ended && " $(_twlab_follow "$command") " == *" $word "* ]]; then
        command+=${command:+ }$word
      else
        ((++given))
      fi
    elif [[ $word == -- ]]; then
      ended=yes
    elif _twlab_value "$command" "$word" > /dev/null; then
      option=$word
    fi
  done
  [[ $cur == = ]] && cur='' word='='
  if [[ $option ]]; then
    $(_twlab_value "$command" "$option")
  elif [[ $word == = ]]; then
    : # the value in NAME=VALUE
  elif [[ $cur == -* && ! $ended ]]; then
    _twlab_words "$(_twlab_follow "$command" | tr ' ' '\n' | grep -e ^-)"
  else
    $(_twlab_argument "$command" $((given + 1)))
    ((given > 0)) || [[ $ended ]] ||
      COMPREPLY+=($(compgen -W "$(_twlab_follow "$command" | tr ' ' '\n' | grep -ve ^-)" -- "$cur"))
  fi
}

complete -F _twlab twlab
