# The error lies at: rule when "x"
param "which" {
  value = "when text"
}
