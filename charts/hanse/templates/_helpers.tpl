{{- /* What several templates say. Each takes the root, or a dict with it as `root` and a component's name as `part`. */ -}}

{{- define "hanse.labels" -}}
{{ include "hanse.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "hanse.selector" -}}
app.kubernetes.io/name: hanse
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "hanse.image" -}}
{{- $image := .Values.image -}}
{{- if contains "@" $image.repository -}}
{{ $image.repository }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "hanse.databaseSecret" -}}
{{ required "database.secret: name a Secret in the release's namespace that holds the URLs of the ledger's PostgreSQL, under the keys of database.keys" .Values.database.secret }}
{{- end }}

{{- define "hanse.internalTokenSecret" -}}
{{ .Values.internalToken.secret | default "hanse-internal-token" }}
{{- end }}

{{- /* What Pod Security `restricted` asks of a pod, and of each container. */ -}}
{{- define "hanse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65534
runAsGroup: 65534
fsGroup: 65534
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "hanse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "hanse.kubernetesApi" -}}
{{- if .Values.kubernetesApi.host }}
- {name: KUBERNETES_SERVICE_HOST, value: {{ .Values.kubernetesApi.host | quote }}}
- {name: KUBERNETES_SERVICE_PORT, value: {{ .Values.kubernetesApi.port | quote }}}
{{- end }}
{{- end }}

{{- /* Where the pods go: one replica a node as far as there are nodes, and what the values say. */ -}}
{{- define "hanse.placement" -}}
{{- $values := index .root.Values .part -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "hanse.selector" . | nindent 8 }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* What a process reaches: names, the API server and the ledger's database, whose addresses nobody knows here. */ -}}
{{- define "hanse.egress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
- ports:
    {{- range .Values.networkPolicies.egressPorts }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}

{{- /* Where traces go, as OpenTelemetry's variables say it; nothing where nobody is named. */ -}}
{{- define "hanse.tracing" -}}
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
