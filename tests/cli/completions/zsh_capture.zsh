# Prints what zsh completes: zsh_capture.zsh SCRIPT LINE OUT. An interactive shell completes LINE, and writes each match to OUT.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; autoload compinit; compinit -u -d ${(q)3:h}/dump; source ${(q)1}; matches=${(q)3}"
zpty -w shell 'bindkey "^I" complete-word; zstyle ":completion:*" insert-tab false'
# With one of these flags, compadd filters arrays and adds no match.
zpty -w shell 'compadd() { [[ " $* " == *" -"[AOD]" "* ]] || { local -a hits; builtin compadd -A hits "$@"; print -l -- $hits >> $matches }; builtin compadd "$@" }'
zpty -w shell 'comppostfuncs=(exit)'
zpty -w -n shell "$2"$'\t'
while zpty -r shell line; do :; done
