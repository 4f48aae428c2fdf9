{{- /* What several templates say. */ -}}

{{- define "witness.labels" -}}
{{ include "witness.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "witness.selector" -}}
app.kubernetes.io/name: hanse-witness
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "witness.image" -}}
{{- if contains "@" .Values.image.repository -}}
{{ .Values.image.repository }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}
