# fish completion for kubectl sax. Source it after kubectl's own completion:
#   kubectl completion fish | source; kubectl sax completion fish | source

function __kubectl_sax_candidates --argument-names skip
    set -l words (commandline -opc) (commandline -ct)
    set -e words[1..$skip]
    kubectl-sax __complete $words 2>/dev/null | string match -v -r '^:\d+$'
end

function __kubectl_sax_follows
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = sax
end

complete -c kubectl-sax -f -a '(__kubectl_sax_candidates 1)'
complete -c kubectl -n __kubectl_sax_follows -f -a '(__kubectl_sax_candidates 2)'
