# The error lies at: not itself
param "which" {
  value = "itself"
}
