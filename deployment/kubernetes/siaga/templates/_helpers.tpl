{{- define "siaga.name" -}}
{{- if contains "siaga" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-siaga" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "siaga.labels" -}}
app.kubernetes.io/name: siaga
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* (root, part): which pods are of a part. */ -}}
{{- define "siaga.selector" -}}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- /* (root, part, job of Prometheus): labels of an object of a part. */ -}}
{{- define "siaga.partLabels" -}}
{{ include "siaga.labels" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- /* (root, core | function | store) */ -}}
{{- define "siaga.image" -}}
{{- $image := (index . 0).Values.image }}
{{- with $image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ index $image (index . 1) }}:{{ $image.tag | default (index . 0).Chart.AppVersion }}
{{- end }}

{{- define "siaga.secret" -}}
{{ .Values.secrets.existing | default (printf "%s-secrets" (include "siaga.name" .)) }}
{{- end }}

{{- define "siaga.storeUrl" -}}
{{ if .Values.store.enabled }}http://{{ include "siaga.name" . }}-store:9000{{ else }}{{ .Values.store.external.url }}{{ end }}
{{- end }}

{{- define "siaga.storeIsOurs" -}}
{{ if or .Values.store.enabled .Values.store.external.ours }}yes{{ else }}no{{ end }}
{{- end }}

{{- define "siaga.database" -}}
{{- if .Values.postgresql.enabled }}postgresql://siaga@{{ include "siaga.name" . }}-postgresql/siaga{{ else }}{{ .Values.postgresql.external.url }}{{ end }}
{{- end }}

{{- /* What every part is told. */ -}}
{{- define "siaga.settings" -}}
{{- $name := include "siaga.name" . -}}
- { name: SIAGA_SECRETS, value: /run/secrets/siaga }
- { name: SIAGA_STORE_URL, value: {{ include "siaga.storeUrl" . | quote }} }
- { name: SIAGA_STORE_OURS, value: {{ include "siaga.storeIsOurs" . | quote }} }
- { name: SIAGA_STORE_PUBLIC_URL, value: {{ .Values.store.publicUrl | quote }} }
- { name: SIAGA_GATEWAY_URL, value: {{ printf "http://%s-gateway:8080" $name | quote }} }
- { name: SIAGA_FUNCTION_URL, value: {{ printf "http://%s-{name}:8080" $name | quote }} }
- { name: SIAGA_PUBLIC_URL, value: {{ .Values.publicUrl | quote }} }
{{- range $key, $value := .Values.settings }}
- { name: {{ $key }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- end }}

{{- /* Pod Security "restricted", of the pod. (root, user) */ -}}
{{- define "siaga.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ index . 1 }}
  runAsGroup: {{ index . 1 }}
  fsGroup: {{ index . 1 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with (index . 0).Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with (index . 0).Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with (index . 0).Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* And of each container. */ -}}
{{- define "siaga.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- /* (root, part): two pods of a part stand on two nodes where there are two. */ -}}
{{- define "siaga.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: { matchLabels: {{ include "siaga.selector" . | fromYaml | toJson }} }
{{- end }}

{{- /* Of these there may be none, also in a Secret of the operator's own or of an older version: unset stands for none. */ -}}
{{- define "siaga.optionalSecrets" -}}
[oidc-secret, mail-user, mail-password, telegram-token, whatsapp-token]
{{- end }}

{{- /* (root, list of secrets): a volume with these and no other; all of them where none is named. */ -}}
{{- define "siaga.secretVolume" -}}
{{- $secret := include "siaga.secret" (index . 0) -}}
{{- $optional := include "siaga.optionalSecrets" . | fromYamlArray -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- if not (index . 1) }}
      - secret: { name: {{ $secret }} }
      {{- end }}
      {{- range $one := index . 1 }}
      - secret: { name: {{ $secret }}, optional: {{ has $one $optional }}, items: [{ key: {{ $one }}, path: {{ $one }} }] }
      {{- end }}
{{- end }}

{{- /* (root, part): at most one pod of it goes at a time when a node is emptied. */ -}}
{{- define "siaga.budget" -}}
{{- if (index . 0).Values.disruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "siaga.name" (index . 0) }}-{{ index . 1 }}
  labels: {{ include "siaga.partLabels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector: { matchLabels: {{ include "siaga.selector" . | fromYaml | toJson }} }
{{- end }}
{{- end }}
