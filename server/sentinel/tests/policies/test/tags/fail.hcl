mock "tfplan/v2" {
  module { source = "../../mocks/plan-fail.sentinel" }
}

module "plan-functions" {
  source = "../../modules/plan-functions.sentinel"
}

param "required" {
  value = ["owner", "cost"]
}

test {
  rules = {
    main = false
    missing = {
      "aws_s3_bucket.logs" = ["owner", "cost"]
    }
  }
}
