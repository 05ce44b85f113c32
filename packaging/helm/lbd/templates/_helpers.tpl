{{- define "lbd.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The release's name, with the chart's in it. */}}
{{- define "lbd.fullname" -}}
{{- $name := include "lbd.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "lbd.selectorLabels" -}}
app.kubernetes.io/name: {{ include "lbd.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "lbd.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "lbd.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* lbd.account (list . "controller"): the name of a role's ServiceAccount. */}}
{{- define "lbd.account" -}}
{{- $root := index . 0 }}
{{- $role := index . 1 }}
{{- $account := (index $root.Values $role).serviceAccount }}
{{- $made := printf "%s-%s" (include "lbd.fullname" $root) $role }}
{{- default (ternary $made "default" $account.create) $account.name }}
{{- end }}

{{- define "lbd.secretName" -}}
{{- default "memberlist" .Values.speaker.secretName }}
{{- end }}

{{- define "lbd.image" -}}
{{- $root := index . 0 }}
{{- $own := default dict (index $root.Values (index . 1)).image }}
{{- $repository := default $root.Values.image.repository $own.repository }}
{{- if regexMatch "metallb/(controller|speaker)$" $repository }}
{{- fail (printf "%s.image.repository is %s, MetalLB's own image, want lbd's" (index . 1) $repository) }}
{{- end }}
{{- $tag := default (default $root.Chart.AppVersion $root.Values.image.tag) $own.tag }}
image: {{ printf "%s:%s" $repository $tag | quote }}
imagePullPolicy: {{ default $root.Values.image.pullPolicy $own.pullPolicy }}
{{- end }}

{{/* What both roles are started with. */}}
{{- define "lbd.args" -}}
{{- $root := index . 0 }}
{{- $role := index . 1 }}
{{- $values := index $root.Values $role }}
{{- $levels := dict "all" "debug" "warn" "warning" "none" "error" }}
- --kubernetes
- --role={{ $role }}
- --log-level={{ get $levels $values.logLevel | default $values.logLevel }}
- --log-format={{ $values.logFormat }}
- --metrics-listen={{ $root.Values.prometheus.metricsAddress }}:{{ int $root.Values.prometheus.metricsPort }}
{{- with $root.Values.loadBalancerClass }}
- --lb-class={{ . }}
{{- end }}
{{- if $root.Values.controller.fastNodeFailure }}
- --fast-node-failure
{{- end }}
{{- end }}

{{/* lbd.probe (list VALUES "/livez"): GET of the path, with the other values. */}}
{{- define "lbd.probe" -}}
httpGet:
  path: {{ index . 1 }}
  port: metrics
{{- range $name, $value := omit (index . 0) "enabled" "port" }}
{{ $name }}: {{ $value }}
{{- end }}
{{- end }}

{{- define "lbd.podAnnotations" -}}
{{- $root := index . 0 }}
{{- if $root.Values.prometheus.scrapeAnnotations }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ int $root.Values.prometheus.metricsPort | quote }}
{{- end }}
{{- with (index $root.Values (index . 1)).podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Fields of a pod that values set as they are. */}}
{{- define "lbd.podSettings" -}}
{{- $root := index . 0 }}
{{- $role := index . 1 }}
{{- $values := index $root.Values $role }}
serviceAccountName: {{ include "lbd.account" . }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
{{ toYaml . }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
nodeSelector:
  kubernetes.io/os: linux
  {{- with $values.nodeSelector }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The taints under which speakers, and what asks them, run. */}}
{{- define "lbd.speakerTolerations" -}}
{{- if or .Values.speaker.tolerateMaster .Values.speaker.tolerations }}
tolerations:
{{- if .Values.speaker.tolerateMaster }}
- key: node-role.kubernetes.io/control-plane
  operator: Exists
  effect: NoSchedule
- key: node-role.kubernetes.io/master
  operator: Exists
  effect: NoSchedule
{{- end }}
{{- with .Values.speaker.tolerations }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a PodMonitor and a ServiceMonitor have in common. */}}
{{- define "lbd.scrape" -}}
scheme: http
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
{{ toYaml . }}
{{- end }}
{{- with .relabelings }}
relabelings:
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* lbd.alert (list VALUES SUMMARY DESCRIPTION): the texts have Prometheus' own
     fields, so they are not templates of Helm. */}}
{{- define "lbd.alert" }}
{{- with (index . 0).labels }}
labels:
  {{- toYaml . | nindent 2 }}
{{- end }}
annotations:
  summary: {{ index . 1 | quote }}
  description: {{ index . 2 | quote }}
{{- end }}

{{/* lbd.belongsToOthers (list . API-VERSION KIND NAME): "yes" if there is such an
     object in the namespace that is no part of this release, else "". Helm would
     refuse to install another. */}}
{{- define "lbd.belongsToOthers" -}}
{{- $root := index . 0 }}
{{- $found := lookup (index . 1) (index . 2) $root.Release.Namespace (index . 3) }}
{{- $release := dig "metadata" "annotations" "meta.helm.sh/release-name" "" $found }}
{{- if and $found (ne $release $root.Release.Name) }}yes{{ end }}
{{- end }}
