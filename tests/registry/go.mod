// The registry that images are pulled from in tests, and nothing else: no Go code of ours.
module kubectl-sax.dev/tests/registry

go 1.26.0

tool github.com/google/go-containerregistry/cmd/registry

require github.com/google/go-containerregistry v0.22.1 // indirect
