{{- define "gateway.name" -}}
{{- printf "%s" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "gateway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "gateway.selector" . }}
{{- end -}}

{{- define "gateway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The path of public_url, with a slash at its end: all routes lie under it. */}}
{{- define "gateway.prefix" -}}
{{- $url := required "settings.public_url: found nothing, expected the address that people call the service by, such as https://notebooks.example.org/" .Values.settings.public_url -}}
{{- printf "/%s" (trimAll "/" (urlParse $url).path) | trimSuffix "/" -}}/
{{- end -}}

{{- define "gateway.host" -}}
{{- (urlParse .Values.settings.public_url).hostname -}}
{{- end -}}

{{/* Values are JSON to Helm, where all numbers are floats; in TOML integers are not. */}}
{{- define "gateway.settings" -}}
{{- $own := dict "listen" "0.0.0.0:8585" "storage" "/var/lib/binderclip" "log" "json" "grace_s" (.Values.graceSeconds | int) -}}
{{- regexReplaceAll "(?m)^(\\s*\\S+ = -?\\d+)\\.0$" (mergeOverwrite (deepCopy .Values.settings) $own | toToml) "${1}" -}}
{{- end -}}
