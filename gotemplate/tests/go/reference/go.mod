// Go's own templates, which ours are compared with. Nothing but the standard library.
module kubectl-sax.dev/gotemplate/reference

go 1.26.0
