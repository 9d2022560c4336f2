module tombolo/engines/crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/cilium/cilium v1.20.2
	github.com/fluxcd/helm-controller v1.6.4
	github.com/fluxcd/kustomize-controller v1.9.5
	github.com/fluxcd/source-controller v1.9.5
	go.universe.tf/metallb v0.15.2
	sigs.k8s.io/gateway-api v1.6.1
)
