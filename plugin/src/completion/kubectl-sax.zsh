#compdef kubectl-sax kubectl
# zsh completion for kubectl sax. Source it after kubectl's own completion:
#   source <(kubectl completion zsh); source <(kubectl sax completion zsh)

__kubectl_sax_candidates() {
    local line
    local -a found
    local -a blank
    for line in "${(@f)$(kubectl-sax __complete "$@" 2>/dev/null)}"; do
        case "$line" in
            :6) blank=(-S '') ;;
            :*) ;;
            *) found+=("${${line%%$'\t'*}//:/\\:}${${line#*$'\t'}:+:${line#*$'\t'}}") ;;
        esac
    done
    _describe 'kubectl sax' found "${blank[@]}"
}

__kubectl_sax_plugin() {
    __kubectl_sax_candidates "${(@)words[2,CURRENT]}"
}

__kubectl_sax_kubectl() {
    if [[ ${words[2]} == sax && $CURRENT -ge 3 ]]; then
        __kubectl_sax_candidates "${(@)words[3,CURRENT]}"
    elif (( $+functions[_kubectl] )); then
        _kubectl "$@"
    fi
}

compdef __kubectl_sax_plugin kubectl-sax
compdef __kubectl_sax_kubectl kubectl
