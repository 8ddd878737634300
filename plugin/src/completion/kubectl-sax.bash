# bash completion for kubectl sax. Source it after kubectl's own completion:
#   source <(kubectl completion bash); source <(kubectl sax completion bash)

__kubectl_sax_candidates() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
            :6) compopt -o nospace 2>/dev/null ;;
            :*) ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <(kubectl-sax __complete "$@" 2>/dev/null)
}

# The words as the shell splits them, without its extra breaks at `=` and `:`.
__kubectl_sax() {
    local cur words cword
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n "=:" cur words cword
    else
        words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}
    fi
    __kubectl_sax_candidates "${words[@]:$1:$((cword - $1 + 1))}"
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "$cur"
    fi
}

__kubectl_sax_plugin() {
    __kubectl_sax 1
}

__kubectl_sax_kubectl() {
    if [[ ${COMP_WORDS[1]} == sax && $COMP_CWORD -ge 2 ]]; then
        __kubectl_sax 2
    elif declare -F __start_kubectl >/dev/null; then
        __start_kubectl "$@"
    fi
}

complete -o default -F __kubectl_sax_plugin kubectl-sax
complete -o default -F __kubectl_sax_kubectl kubectl
