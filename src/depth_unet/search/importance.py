"""Which settings mattered, as far as the trials can tell."""

import warnings

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

BEST_SHARE = 0.25
LEAST_TRIALS = 2
ENOUGH_TRIALS = 20
"""Fewer complete trials say little: the best quarter is a handful, and a handful looks uneven."""


def importance(study: optuna.Study) -> dict[str, float]:
    """How much each setting tells the best quarter of the complete trials from all of them.

    PED-ANOVA: how far the distribution of a setting's values among the best trials differs from
    that among all, as a share of the sum over all settings.

    Returns:
        Shares that sum to 1, the largest first; empty for fewer than two complete trials.

    Reference:
        Watanabe, Bansal and Hutter (2023), arXiv 2304.10255.
    """
    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len(complete) < LEAST_TRIALS:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that trials are few, which the page says in its words
        return get_param_importances(
            study, evaluator=PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)
        )
