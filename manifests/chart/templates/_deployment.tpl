{{- /* Edits the Deployment in place, and writes nothing. */ -}}
{{- define "sax-webhook.deployment" -}}
{{- $values := .values -}}
{{- $spec := .object.spec -}}
{{- $pod := $spec.template.spec -}}
{{- $container := first $pod.containers -}}
{{- $args := list -}}
{{- range $container.args -}}
{{- if and $values.gke (hasPrefix "--listen=" .) -}}
{{- $args = append $args "--listen=0.0.0.0:10250" -}}
{{- else if and $values.certManager (hasPrefix "--tls-secret=" .) -}}
{{- $args = append $args "--tls-dir=/etc/sax-webhook/tls" -}}
{{- else -}}
{{- $args = append $args . -}}
{{- end -}}
{{- end -}}
{{- $_ := set $container "args" (concat $args $values.extraArgs) -}}
{{- if $values.gke -}}
{{- $_ := set $container "ports" (list (dict "name" "https" "containerPort" 10250)) -}}
{{- $term := dict "matchExpressions" (list (dict "key" "cloud.google.com/gke-tpu-accelerator" "operator" "DoesNotExist")) -}}
{{- $_ := set $pod.affinity "nodeAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" (list $term))) -}}
{{- end -}}
{{- if $values.certManager -}}
{{- $_ := set $container "volumeMounts" (append $container.volumeMounts (dict "name" "tls" "mountPath" "/etc/sax-webhook/tls" "readOnly" true)) -}}
{{- $_ := set $pod "volumes" (append $pod.volumes (dict "name" "tls" "secret" (dict "secretName" "sax-webhook-certificate" "defaultMode" 288))) -}}
{{- end -}}
{{- with $values.image }}{{ $_ := set $container "image" . }}{{ end -}}
{{- with $values.replicas }}{{ $_ := set $spec "replicas" . }}{{ end -}}
{{- with $values.resources }}{{ $_ := set $container "resources" . }}{{ end -}}
{{- end -}}
