{{- /* What several templates say. */ -}}

{{- define "agent.cluster" -}}
{{ required "cluster: name the MemberCluster, as it is called at the hub" .Values.cluster }}
{{- end }}

{{- define "agent.labels" -}}
{{ include "agent.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "agent.selector" -}}
app.kubernetes.io/name: hanse-agent
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "node.labels" -}}
{{ include "node.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "node.selector" -}}
app.kubernetes.io/name: hanse-node-agent
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* node.yaml: what the values say of nodes. */ -}}
{{- define "node.settings" -}}
{{- $own := .Values.nodeAgent -}}
{{- $settings := dict "agentUrl" (include "agent.url" .)
  "tokenFile" "/etc/hanse/credentials/token"
  "stateFolder" $own.stateFolder
  "provider" $own.provider
  "shared" $own.shared
  "cdi" $own.cdi
  "memory" $own.memory -}}
{{- if $own.metricsPort -}}
{{- $_ := set $settings "metricsHost" "0.0.0.0" -}}
{{- $_ := set $settings "metricsPort" $own.metricsPort -}}
{{- end -}}
{{ toYaml $settings }}
{{- end }}

{{- define "agent.url" -}}
{{ printf "http://hanse-agent.%s.svc.%s:8380" .Release.Namespace (.Values.settings.clusterDomain | default "cluster.local") }}
{{- end }}

{{- define "agent.image" -}}
{{- if contains "@" .Values.image.repository -}}
{{ .Values.image.repository }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- /* agent.yaml: what follows from the release, and over it what the values say of the member's own. */ -}}
{{- define "agent.settings" -}}
{{- $at := "/etc/hanse/credentials" -}}
{{- $own := dict "cluster" (include "agent.cluster" .)
  "hubKubeconfig" (printf "%s/hub.kubeconfig" $at)
  "apiUrl" (required "hub.apiUrl: say where the agent reaches the API service" .Values.hub.apiUrl)
  "apiTokenFile" (printf "%s/api-token" $at)
  "signingKeyFile" (printf "%s/signing.key" $at)
  "sealingKeyFile" (printf "%s/sealing.key" $at)
  "stateFolder" "/var/lib/hanse"
  "listenPort" 8380
  "workerUrl" (include "agent.url" .) -}}
{{- if .Values.nodeAgent.enabled -}}
{{- $_ := set $own "nodeAgentAccount" (printf "hanse-nodes-%s:hanse-node-agent" (include "agent.cluster" .)) -}}
{{- end -}}
{{- if .Values.monitoring.metricsPort -}}
{{- $_ := set $own "metricsHost" "0.0.0.0" -}}
{{- $_ := set $own "metricsPort" .Values.monitoring.metricsPort -}}
{{- end -}}
{{ toYaml (mergeOverwrite $own .Values.settings) }}
{{- end }}

{{- /* Where traces go, as OpenTelemetry's variables say it; nothing where nobody is named. */ -}}
{{- define "agent.tracing" -}}
{{- with .Values.tracing }}
{{- if .endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .endpoint | quote }}}
{{- if .headersSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef: {name: {{ .headersSecret }}, key: headers}
{{- end }}
{{- range $name, $value := .variables }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
