using InferenceServer.Inference.Grammar.Automata;

namespace InferenceServer.Inference.Grammar.Text;

/// <summary>Adds the states of a set of texts to an automaton, whatever a character is spelled as.</summary>
internal static class TextStates
{
    /// <summary>Adds them.</summary>
    /// <param name="builder">Where to.</param>
    /// <param name="from">Before a text.</param>
    /// <param name="texts">The set.</param>
    /// <param name="to">After a text.</param>
    /// <param name="addCharacter">Adds edges from a state that take one character of a set to another state.</param>
    public static void Add(AutomatonBuilder builder, int from, TextDfa texts, int to, Action<int, CodePointSet, int> addCharacter)
    {
        var states = new int[texts.NumStates];
        for (var state = 0; state < states.Length; state++)
        {
            states[state] = builder.AddState();
        }

        builder.AddNothing(from, states[0]);
        for (var state = 0; state < states.Length; state++)
        {
            foreach (var group in texts.EdgesOf(state).GroupBy(edge => edge.Target))
            {
                addCharacter(states[state], CodePointSet.Normalize([.. group.Select(edge => (edge.Low, edge.High))]), states[group.Key]);
            }

            if (texts.Accepts(state))
            {
                builder.AddNothing(states[state], to);
            }
        }
    }
}
