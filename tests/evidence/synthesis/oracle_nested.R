# Reads every nested_*.csv in a folder: effects in studies in laboratories, with a number x and a word
# g per row. Prints what metafor and clubSandwich say, one line per number: set, analysis, name, values.
suppressMessages({library(metafor); library(clubSandwich)})
folder <- commandArgs(trailingOnly = TRUE)[1]
exact <- list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-15, maxit = 20000)

say <- function(.id, analysis, ...) {
  values <- list(...)
  for (name in names(values))
    cat(.id, analysis, name, sprintf("%.12g", values[[name]]), "\n")
}

for (file in sort(list.files(folder, "^nested_.*csv$"))) {
  set <- sub(".csv", "", file, fixed = TRUE)
  d <- read.csv(file.path(folder, file), colClasses = c(lab = "character", study = "character"))
  d$row <- seq_len(nrow(d))
  V <- diag(d$vi)
  same <- outer(d$lab, d$lab, "==") & outer(d$study, d$study, "==")
  V[same] <- 0.4 * sqrt(outer(d$vi, d$vi))[same]
  diag(V) <- d$vi
  for (analysis in c("plain", "tied", "regression")) {
    known <- if (analysis == "tied") V else d$vi
    mods <- if (analysis == "regression") ~ x + g else ~ 1
    res <- rma.mv(yi, known, mods = mods, random = ~ 1 | lab/study/row, data = d, test = "t",
                  control = exact)
    rob <- robust(res, cluster = d$lab, clubSandwich = TRUE)
    pred <- if (analysis == "regression") NULL else predict(res)
    say(set, analysis, loglik = as.numeric(logLik(res)), sigma2 = res$sigma2, beta = c(res$beta),
        se = res$se, low = res$ci.lb, high = res$ci.ub, q = res$QE, robust_se = rob$se,
        robust_df = rob$dfs, robust_p = rob$pval)
    if (!is.null(pred)) say(set, analysis, prediction = c(pred$pi.lb, pred$pi.ub))
    if (analysis == "regression") {
      say(set, analysis, f = c(res$QM, res$QMp))
      tests <- Wald_test(res, constraints = constrain_zero(2:length(coef(res))), vcov = "CR2",
                         cluster = d$lab, test = "HTZ")
      say(set, analysis, hotelling = c(tests$Fstat, tests$df_num, tests$df_denom, tests$p_val))
    }
  }
}
